import { env } from "cloudflare:test";
import { r2BucketSuite } from "../../emulators/contracts/r2-bucket.testsuite.ts";

r2BucketSuite("workerd", async () => {
  const bucket = env.CONTRACT_BUCKET;
  const { objects } = await bucket.list();
  await bucket.delete(objects.map((object) => object.key));
  return bucket;
});
