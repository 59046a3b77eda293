import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import javax.net.ssl.SSLServerSocket;

/**
 * HTTP/1.1 GET over TLS 1.3, with keep-alive. Written on plain sockets because the JDK's HttpsServer looks up the name of
 * every client, which hangs where there is no reverse DNS, and because a drain must not lose a request.
 */
final class Server {
    /** How long an idle connection is kept; while draining: how long it may still bring a last request. */
    private static final int IDLE_MS = 15_000;
    private static final int DRAIN_MS = 3_000;
    private static final int MAX_HEAD = 16_384;

    record Answer(int status, String body, Map<String, String> headers) {}

    private final ServerSocket socket;
    private final Function<String, Answer> handler;
    private final ExecutorService workers = Executors.newFixedThreadPool(64);
    private final Set<Socket> idle = ConcurrentHashMap.newKeySet();
    private final AtomicInteger open = new AtomicInteger();
    private volatile boolean draining;

    private Server(ServerSocket socket, Function<String, Answer> handler) {
        this.socket = socket;
        this.handler = handler;
    }

    static Server start(int port, Keystores keystores, Function<String, Answer> handler) throws IOException {
        SSLServerSocket socket = (SSLServerSocket) keystores.tls().getServerSocketFactory().createServerSocket(port, 512);
        socket.setEnabledProtocols(new String[] {"TLSv1.3"});
        Server server = new Server(socket, handler);
        new Thread(server::accept, "accept").start();
        return server;
    }

    int port() {
        return socket.getLocalPort();
    }

    private void accept() {
        while (!draining) {
            try {
                Socket client = socket.accept();
                open.incrementAndGet();
                workers.execute(() -> serve(client));
            } catch (IOException e) {
                if (!draining) {
                    System.err.println("accept failed: " + e);
                }
            }
        }
    }

    /**
     * SIGTERM: accept no more, answer what is in flight, tell every client that still talks to us to go elsewhere, then end.
     * A connection that stays silent for the whole drain time is closed.
     */
    void drain() {
        draining = true;
        long deadline = System.currentTimeMillis() + DRAIN_MS;
        try {
            socket.close();
            while (open.get() > 0 && System.currentTimeMillis() < deadline) {
                TimeUnit.MILLISECONDS.sleep(10);
            }
            for (Socket silent : idle) {
                silent.close();
            }
            workers.shutdown();
            workers.awaitTermination(DRAIN_MS, TimeUnit.MILLISECONDS);
        } catch (IOException | InterruptedException e) {
            System.err.println("drain: " + e);
        }
    }

    private void serve(Socket client) {
        try (client) {
            client.setTcpNoDelay(true);
            client.setSoTimeout(IDLE_MS);
            InputStream in = new BufferedInputStream(client.getInputStream());
            OutputStream out = client.getOutputStream();
            boolean more = true;
            while (more) {
                idle.add(client);
                String head = readHead(in);
                idle.remove(client);
                if (head == null) {
                    return;
                }
                more = respond(head, out);
            }
        } catch (SocketTimeoutException e) {
            // an idle client: closing is all there is to do
        } catch (IOException e) {
            // The client went away, or speaks no TLS (a TCP probe): its matter.
        } finally {
            idle.remove(client);
            open.decrementAndGet();
        }
    }

    /** Writes the answer; false where the connection ends with it. */
    private boolean respond(String head, OutputStream out) throws IOException {
        String[] request = head.split("\r\n", 2)[0].split(" ");
        boolean known = request.length == 3 && (request[0].equals("GET") || request[0].equals("HEAD"));
        Answer answer = known ? handler.apply(request[1]) : new Answer(400, "only GET is served\n", Map.of());
        boolean close = !known || draining || head.toLowerCase().contains("\r\nconnection: close");
        byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
        StringBuilder text = new StringBuilder("HTTP/1.1 " + answer.status() + " " + phrase(answer.status()) + "\r\n");
        text.append("Content-Type: text/plain; charset=utf-8\r\nContent-Length: ").append(body.length).append("\r\n");
        answer.headers().forEach((name, value) -> text.append(name).append(": ").append(value).append("\r\n"));
        text.append("Connection: ").append(close ? "close" : "keep-alive").append("\r\n\r\n");
        byte[] start = text.toString().getBytes(StandardCharsets.ISO_8859_1);
        int length = known && request[0].equals("HEAD") ? 0 : body.length;
        byte[] whole = new byte[start.length + length];
        System.arraycopy(start, 0, whole, 0, start.length);
        System.arraycopy(body, 0, whole, start.length, length);
        out.write(whole);
        out.flush();
        return !close;
    }

    /** Request line and headers; null where the client closed in between two requests. GET has no body. */
    private static String readHead(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder(256);
        while (head.length() < MAX_HEAD) {
            int b = in.read();
            if (b < 0) {
                return null;
            }
            head.append((char) b);
            int n = head.length();
            if (b == '\n' && n >= 4 && head.charAt(n - 2) == '\r' && head.charAt(n - 3) == '\n' && head.charAt(n - 4) == '\r') {
                return head.toString();
            }
        }
        throw new IOException("request head of more than " + MAX_HEAD + " bytes");
    }

    private static String phrase(int status) {
        return switch (status) {
            case 200 -> "OK";
            case 400 -> "Bad Request";
            case 404 -> "Not Found";
            default -> "Bad Gateway";
        };
    }
}
