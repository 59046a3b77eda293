import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.HttpsURLConnection;

/**
 * The next service of the chain, asked over HTTPS: its certificate has to come from the truststore's CA and to name the host
 * (the JDK's own check). Each request has a connection of its own, and a GET that got no answer is asked again: a pod that
 * ends in the middle of a rollout costs milliseconds, not a request.
 */
final class Next {
    private static final int TRIES = 4;
    private static final int PAUSE_MS = 50;

    record Reply(String text, String chain) {}

    private final URL url;
    private final Keystores keystores;

    private Next(URL url, Keystores keystores) {
        this.url = url;
        this.keystores = keystores;
    }

    static Next at(String url, Keystores keystores) throws IOException {
        System.setProperty("http.keepAlive", "false");
        return url == null || url.isEmpty() ? null : new Next(URI.create(url).toURL(), keystores);
    }

    Reply ask() throws IOException, InterruptedException {
        IOException last = null;
        for (int tries = 0; tries < TRIES; tries++) {
            try {
                return once();
            } catch (IOException e) {
                last = e;
                Thread.sleep(PAUSE_MS);
            }
        }
        throw last;
    }

    private Reply once() throws IOException {
        HttpsURLConnection connection = (HttpsURLConnection) url.openConnection();
        connection.setSSLSocketFactory(keystores.tls().getSocketFactory());
        connection.setConnectTimeout(2_000);
        connection.setReadTimeout(5_000);
        try {
            if (connection.getResponseCode() != 200) {
                throw new IOException(url.getHost() + " answered " + connection.getResponseCode());
            }
            String text = new String(connection.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Reply(text, connection.getHeaderField("X-Chain"));
        } finally {
            connection.disconnect();
        }
    }
}
