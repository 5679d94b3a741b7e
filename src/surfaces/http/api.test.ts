import { describe, expect, it } from "vitest";
import { createApi } from "./api.ts";

const OTHER_PAGE = { origin: "https://other.example", "sec-fetch-site": "cross-site" };
const SIGNED_IN = { authorization: "Bearer secret" };

const knock = (path: string, init: { method?: string; headers?: Record<string, string> } = {}) =>
  createApi().request(path, init, { API_TOKEN: "secret" });

const corsHeaders = (response: Response): string[] =>
  [...response.headers.keys()].filter((name) => name.startsWith("access-control-"));

describe("the API and pages of other sites", () => {
  it("refuses them even with the token", async () => {
    const response = await knock("/api/status", { headers: { ...SIGNED_IN, ...OTHER_PAGE } });
    expect([response.status, corsHeaders(response)]).toEqual([403, []]);
    expect(await response.json()).toEqual({ error: "pages of other sites may not ask" });
  });

  it.each(["cross-site", "same-site"])("refuses a %s request for a run", async (site) => {
    const headers = { "sec-fetch-site": site };
    expect((await knock("/api/syncs/fireflies/runs", { method: "POST", headers })).status).toBe(403);
  });

  it("grants no preflight, whatever the browser says of the site", async () => {
    for (const headers of [
      OTHER_PAGE,
      { origin: "https://other.example", "access-control-request-method": "POST" },
    ]) {
      const response = await knock("/api/syncs/fireflies/runs", { method: "OPTIONS", headers });
      expect(response.ok).toBe(false);
      expect(corsHeaders(response)).toEqual([]);
    }
  });

  it.each([undefined, "same-origin", "none"])("lets %s through to the token's door", async (site) => {
    const headers: Record<string, string> = site === undefined ? {} : { "sec-fetch-site": site };
    expect((await knock("/healthz", { headers })).status).toBe(200);
    expect((await knock("/api/status", { headers })).status).toBe(401);
  });

  it.each(["/healthz", "/api/status", "/nothing"])(
    "lets no answer of %s be kept, framed or guessed at",
    async (path) => {
      const { headers } = await knock(path);
      expect(Object.fromEntries(headers)).toMatchObject({
        "cache-control": "no-store",
        "content-security-policy": expect.stringContaining("frame-ancestors 'none'"),
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
      });
    },
  );
});
