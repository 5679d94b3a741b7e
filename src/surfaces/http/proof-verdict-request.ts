import * as z from "zod";
import type { ProofVerdict } from "../../engine/proof-verdict.ts";
import { isLeftBy } from "../../queries/proof.ts";

/** Words and ids as `GET /api/proof` gives them: nothing that was said in a meeting looks so, and nothing long gets in. */
const DIFFERENCE = z.string().regex(/^[\w .,:;()-]{1,200}$/, "a difference as /api/proof names it");
const FIGURE = z.int().nonnegative();
const VERDICT_REQUEST = z.strictObject({
  unexplained: z.array(DIFFERENCE).max(10_000),
  source: FIGURE,
  records: FIGURE,
  chunks: FIGURE,
  vectors: FIGURE,
});

/** Read what a proof has come to. What an unfinished listing or run of vectors leaves has alerts of its own. */
export async function parseProofVerdict(request: Request): Promise<ProofVerdict | { error: string }> {
  let body: unknown;
  try {
    body = await request.json();
  } catch {
    return { error: "the body is not JSON" };
  }
  const parsed = VERDICT_REQUEST.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { error: `${issue?.path.join(".") || "the body"}: ${issue?.message}` };
  }
  const { unexplained, ...figures } = parsed.data;
  return { unexplained: unexplained.filter((difference) => !isLeftBy("fireflies", difference)), figures };
}
