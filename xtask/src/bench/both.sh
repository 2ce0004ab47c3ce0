# Both at once, as Compose starts two sidecars.
sh xtask/src/bench/postgres.sh &
postgres=$!
sh xtask/src/bench/minio.sh &
wait $! && wait $postgres
