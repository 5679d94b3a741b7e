import type { Ports } from "../../ports/ports.ts";
import type { Env } from "../env.ts";

/** What the routes of the API find in a request: the Worker's bindings, and ports composed from them. */
export type Api = { Bindings: Env; Variables: { ports: Ports } };
