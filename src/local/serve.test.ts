import { expect, it } from "vitest";
import { pageLine } from "./serve.ts";

const product = { url: "http://127.0.0.1:8787", token: "0123abc", dataDir: "/data" };

it("signs a person at a terminal in, and puts no token into what may be kept", () => {
  expect(pageLine(product, true)).toBe("\nPage: http://127.0.0.1:8787/#token=0123abc");
  expect(pageLine(product, false)).toBe(
    "\nPage: http://127.0.0.1:8787/ (sign in with the token in /data/token)",
  );
});
