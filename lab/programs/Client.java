import java.io.InputStream;
import java.net.URI;
import java.net.http.*;
import java.time.Duration;

/** Java's HTTP client: URL [timeout MS] [requests N] [pause MS] [read N: close the body after N bytes] [upload N]. */
public class Client {
    public static void main(String[] args) throws Exception {
        long timeout = 0, pause = 0, read = -1;
        int requests = 1, upload = 0;
        for (int i = 1; i + 1 < args.length; i += 2) {
            long value = Long.parseLong(args[i + 1]);
            switch (args[i]) {
                case "timeout" -> timeout = value;
                case "requests" -> requests = (int) value;
                case "pause" -> pause = value;
                case "read" -> read = value;
                case "upload" -> upload = (int) value;
                default -> throw new IllegalArgumentException(args[i]);
            }
        }
        HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        for (int n = 0; n < requests; n++) {
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(args[0]));
            if (timeout > 0) request.timeout(Duration.ofMillis(timeout));
            if (upload > 0) request.POST(HttpRequest.BodyPublishers.ofByteArray(new byte[upload]));
            HttpResponse<InputStream> response = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
            try (InputStream body = response.body()) {
                byte[] buffer = new byte[8192];
                long seen = 0;
                int got;
                while ((got = body.read(buffer)) >= 0) {
                    seen += got;
                    if (read >= 0 && seen >= read) break;
                }
            }
            if (n + 1 < requests) Thread.sleep(pause);
        }
    }
}
