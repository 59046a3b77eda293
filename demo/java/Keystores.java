import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * The two files that the platform has to provide: keystore.jks (one key under the alias "alias") and truststore.jks.
 * They are read once, as most Java servers do.
 */
record Keystores(SSLContext tls, String serial) {
    private static final char[] PASSWORD = "changeme".toCharArray();
    private static final String ALIAS = "alias";

    static Keystores load(String folder) throws Exception {
        KeyStore own = open(Path.of(folder, "keystore.jks"));
        KeyStore trusted = open(Path.of(folder, "truststore.jks"));
        if (!(own.getCertificate(ALIAS) instanceof X509Certificate leaf)) {
            throw new IllegalStateException(folder + "/keystore.jks has no certificate under the alias " + ALIAS);
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(own, PASSWORD);
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(trusted);
        SSLContext tls = SSLContext.getInstance("TLSv1.3");
        tls.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return new Keystores(tls, leaf.getSerialNumber().toString(16));
    }

    private static KeyStore open(Path file) throws Exception {
        KeyStore store = KeyStore.getInstance("JKS");
        try (InputStream bytes = Files.newInputStream(file)) {
            store.load(bytes, PASSWORD);
        }
        return store;
    }

    /** One sentence for the log of a service that cannot start. */
    static String explain(Exception e) {
        if (e instanceof NoSuchFileException) {
            return e.getMessage() + " is missing: mount the Secret that holds keystore.jks and truststore.jks there";
        }
        return "cannot start: " + e;
    }
}
