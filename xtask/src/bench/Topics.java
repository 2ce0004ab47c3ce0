import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/** Makes what is missing of so many topics, in as few calls as a broker takes: BROKERS PREFIX COUNT. */
public class Topics {
    /** A controller makes at most 10,000 records of one call, and a topic of one partition is two. */
    private static final int MOST = 4000;

    public static void main(String[] arguments) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", arguments[0]))) {
            var known = admin.listTopics().names().get();
            List<NewTopic> missing = IntStream.range(0, Integer.parseInt(arguments[2]))
                .mapToObj(number -> String.format("%s%05d", arguments[1], number))
                .filter(name -> !known.contains(name))
                .map(name -> new NewTopic(name, 1, (short) 1))
                .toList();
            for (int from = 0; from < missing.size(); from += MOST) {
                admin.createTopics(missing.subList(from, Math.min(from + MOST, missing.size()))).all().get();
            }
        }
    }
}
