import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** Asks the guide's code about each line of its input: a kind and fields in base64, "-" where there is none. */
final class Judge {
    private Judge() {}

    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String line; (line = in.readLine()) != null; ) {
            String[] fields = line.split("\t", -1);
            byte[] body = Base64.getDecoder().decode(fields[1]);
            String secret = text(fields[2]);
            System.out.println(fields[0].equals("simple")
                ? Simple.isSignedByKeyhook(body, new String[] {text(fields[3]), text(fields[4])}, secret)
                : Keyhook.isFromKeyhook(body, text(fields[3]), text(fields[4]), text(fields[5]), secret));
        }
    }

    private static String text(String field) {
        return field.equals("-") ? null : new String(Base64.getDecoder().decode(field), StandardCharsets.UTF_8);
    }
}
