import * as z from "zod";
import { parseScope, REBUILD_NAMES, type RebuildScope } from "../../core/rebuild.ts";
import type { RebuildWish } from "../../engine/rebuilding.ts";
import { PRIORITIES } from "../../core/policy.ts";
import { readBody } from "./start-request.ts";

const REBUILD_REQUEST = z.strictObject({
  what: z.enum(REBUILD_NAMES, { error: `there are ${REBUILD_NAMES.join(", ")}` }),
  scope: z.array(z.string()).default([]),
  priority: z.enum(PRIORITIES).default("normal"),
});

/** Read the body of a request for a rebuild: `what`, and words of a scope as `syncctl` takes them. */
export async function parseRebuildRequest(request: Request): Promise<RebuildWish | { error: string }> {
  const body = await readBody(request, REBUILD_REQUEST);
  if ("error" in body) return body;
  const scope: RebuildScope | { problem: string } = parseScope(body.scope);
  return "problem" in scope ? { error: scope.problem } : { ...body, scope };
}
