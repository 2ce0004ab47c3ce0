# Every index template of a directory, one by one, as a sidecar puts them:
# `templates.sh DIRECTORY`. Its `curl.conf` has login and CA; nothing is asked
# before. Needs OPENSEARCH_URL.
set -eu

for file in "$1"/*.json; do
    name=${file##*/}
    curl --disable --silent --show-error --fail --config "$1/curl.conf" --output /dev/null \
        --request PUT --header 'content-type: application/json' --data-binary "@$file" \
        "$OPENSEARCH_URL/_index_template/${name%.json}"
done
