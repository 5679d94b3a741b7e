import { env } from "cloudflare:test";
import { expect, it } from "vitest";
import notes from "../../emulators/example/worker.ts";

it("the stand-ins serve a Worker that a test calls inside workerd", async () => {
  const body = JSON.stringify({ id: "a", text: "The pump on site three lost pressure." });
  const added = await notes.fetch(new Request("http://notes/notes", { method: "POST", body }), env);
  expect(added.status).toBe(202);
  const found = await notes.fetch(new Request("http://notes/notes?q=pump+pressure"), env);
  expect(await found.json()).toMatchObject([{ id: "a" }]);
  expect(await env.VECTORIZE.describe()).toMatchObject({ vectorCount: 1 });
});
