import type { ApiCall } from "./api-call.ts";
import type { ApiFailure } from "./api-errors.ts";
import type { NotionFault } from "./faults.ts";

/** One request while it is decided. */
export type Decision = {
  readonly call: ApiCall;
  readonly token: string | null;
  readonly nowMs: number;
  readonly requestIndex: number;
  readonly endpoint: string | null;
  readonly isWrite: boolean;
  fault: NotionFault | null;
  early: boolean;
};

/** What becomes of a request: a body, an error, a page of HTML, or nothing because the connection was lost. */
export type Outcome =
  | { readonly kind: "body"; readonly body: Record<string, unknown> }
  | { readonly kind: "failure"; readonly failure: ApiFailure }
  | { readonly kind: "html"; readonly status: number }
  | { readonly kind: "lost" };
