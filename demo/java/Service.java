import java.util.Map;
import java.util.TreeMap;

/**
 * One link of the chain customer → preference → recommendation: serves HTTPS from the keystore it is given and asks the
 * next service, if there is one. Which link it is, is told by its environment.
 *
 * <pre>
 * SERVICE     its name, the first word of its answer
 * NEXT_URL    https URL of the next service; absent in the last one
 * KEYSTORES   folder of keystore.jks and truststore.jks, default /keystores
 * PORT        default 8443
 * POD_NAME    told to clients in the header X-Pod
 * </pre>
 */
public final class Service {
    private final String name;
    private final String pod;
    private final String serial;
    private final Next next;

    private Service(String name, String pod, String serial, Next next) {
        this.name = name;
        this.pod = pod;
        this.serial = serial;
        this.next = next;
    }

    public static void main(String[] args) {
        String name = env("SERVICE", "service");
        try {
            Keystores keystores = Keystores.load(env("KEYSTORES", "/keystores"));
            Next next = Next.at(System.getenv("NEXT_URL"), keystores);
            Service service = new Service(name, env("POD_NAME", "-"), keystores.serial(), next);
            Server server = Server.start(Integer.parseInt(env("PORT", "8443")), keystores, service::answer);
            Runtime.getRuntime().addShutdownHook(new Thread(server::drain, "drain"));
            System.out.println(name + ": serving certificate " + keystores.serial() + " on port " + server.port());
        } catch (Exception e) {
            // Nothing can be served without keystores: say what is missing and let Kubernetes try again.
            System.err.println(name + ": " + Keystores.explain(e));
            System.exit(1);
        }
    }

    /** Answers one request. Reads only what this process loaded at its start: that is why a renewal needs a restart. */
    private Server.Answer answer(String path) {
        if (path.equals("/healthz")) {
            return new Server.Answer(200, "ok\n", headers(link()));
        }
        if (!path.equals("/")) {
            return new Server.Answer(404, "no such page\n", headers(link()));
        }
        if (next == null) {
            return new Server.Answer(200, name + "\n", headers(link()));
        }
        try {
            Next.Reply reply = next.ask();
            return new Server.Answer(200, name + " => " + reply.text(), headers(link() + ", " + reply.chain()));
        } catch (Exception e) {
            System.err.println(name + ": the next service did not answer: " + e);
            return new Server.Answer(502, name + " => failed: " + e.getMessage() + "\n", headers(link()));
        }
    }

    /** This service's part of the header X-Chain: who answered, and with which certificate. */
    private String link() {
        return name + "/" + pod + "/" + serial;
    }

    private Map<String, String> headers(String chain) {
        Map<String, String> headers = new TreeMap<>();
        headers.put("X-Serial", serial);
        headers.put("X-Pod", pod);
        headers.put("X-Chain", chain);
        return headers;
    }

    private static String env(String name, String otherwise) {
        String value = System.getenv(name);
        return value == null || value.isEmpty() ? otherwise : value;
    }
}
