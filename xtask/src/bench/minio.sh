# What provisioning/minio.yaml asks for, as a sidecar does it without hyhost:
# by mc, with as few calls as mc allows. It sets the user's secret each time,
# for it cannot see whether it differs. Needs MC_HOST_testbed and
# LOKI_S3_PASSWORD.
set -eu

mc --quiet mb --ignore-existing \
    testbed/hy-bucket testbed/loki-bucket testbed/tempo-bucket testbed/cdn-bucket testbed/doc-intel-assets
mc --quiet version enable testbed/hy-bucket
for bucket in hy-bucket loki-bucket tempo-bucket; do
    mc --quiet anonymous set none "testbed/$bucket"
done
mc --quiet anonymous set download testbed/cdn-bucket
mc --quiet anonymous set-json provisioning/policies/doc-intel-assets.json testbed/doc-intel-assets

mc --quiet admin policy create testbed loki-storage /dev/stdin <<JSON
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
      "Resource": ["arn:aws:s3:::loki-bucket", "arn:aws:s3:::loki-bucket/*"]
    }
  ]
}
JSON
mc --quiet admin user add testbed loki "$LOKI_S3_PASSWORD"
mc --quiet admin user info testbed loki | grep -q loki-storage ||
    mc --quiet admin policy attach testbed loki-storage --user loki
