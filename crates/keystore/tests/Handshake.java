import java.io.FileInputStream;
import java.net.InetAddress;
import java.security.KeyStore;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/** Arguments: password, truststore, keystores. Serves with each keystore once and prints what a client saw. */
class Handshake {
    public static void main(String[] args) throws Exception {
        char[] password = args[0].toCharArray();
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(load(args[1], password));
        for (int i = 2; i < args.length; i++) {
            KeyStore store = load(args[i], password);
            KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
            keys.init(store, password);
            System.out.println(store.getKey("alias", password).getAlgorithm() + " " + shakeHands(keys, trust));
        }
    }

    private static KeyStore load(String path, char[] password) throws Exception {
        KeyStore store = KeyStore.getInstance("JKS");
        try (FileInputStream in = new FileInputStream(path)) {
            store.load(in, password);
        }
        return store;
    }

    private static String shakeHands(KeyManagerFactory keys, TrustManagerFactory trust) throws Exception {
        SSLContext server = SSLContext.getInstance("TLS");
        server.init(keys.getKeyManagers(), null, null);
        SSLContext client = SSLContext.getInstance("TLS");
        client.init(null, trust.getTrustManagers(), null);
        InetAddress loopback = InetAddress.getByName("127.0.0.1");
        try (SSLServerSocket listener = (SSLServerSocket) server.getServerSocketFactory().createServerSocket(0, 1, loopback)) {
            Thread serving = new Thread(() -> {
                try (SSLSocket accepted = (SSLSocket) listener.accept()) {
                    accepted.startHandshake();
                    accepted.getInputStream().read();
                } catch (Exception e) {
                    e.printStackTrace();
                }
            });
            serving.start();
            try (SSLSocket socket = (SSLSocket) client.getSocketFactory().createSocket(loopback, listener.getLocalPort())) {
                socket.startHandshake();
                return socket.getSession().getPeerPrincipal().getName();
            } finally {
                serving.join(5000);
            }
        }
    }
}
