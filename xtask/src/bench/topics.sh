# So many topics, one by one, as a sidecar makes them: `topics.sh PREFIX COUNT`.
# Needs KAFKA_BROKERS.
set -eu

for number in $(seq -f %05.0f 0 $(($2 - 1))); do
    kafka-topics.sh --bootstrap-server "$KAFKA_BROKERS" --create --if-not-exists \
        --topic "$1$number" --partitions 1 --replication-factor 1
done
