# What provisioning/minio.yaml asks for, as a sidecar does it without hyhost:
# by mc, with as few calls as mc allows. Needs MC_HOST_testbed.
set -eu

mc --quiet mb --ignore-existing \
    testbed/hy-bucket testbed/loki-bucket testbed/tempo-bucket testbed/cdn-bucket testbed/doc-intel-assets
mc --quiet version enable testbed/hy-bucket
for bucket in hy-bucket loki-bucket tempo-bucket; do
    mc --quiet anonymous set none "testbed/$bucket"
done
mc --quiet anonymous set download testbed/cdn-bucket
mc --quiet anonymous set-json provisioning/policies/doc-intel-assets.json testbed/doc-intel-assets
