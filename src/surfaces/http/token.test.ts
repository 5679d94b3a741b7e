import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { createApi } from "./api.ts";
import { isNonce, requireToken, tokenProof } from "./token.ts";

const app = new Hono().use("*", requireToken).get("/", (c) => c.text("in"));
const knock = async (token: string | undefined, header?: string) =>
  (
    await app.request(
      "/",
      header === undefined ? {} : { headers: { authorization: header } },
      token === undefined ? {} : { API_TOKEN: token },
    )
  ).status;

describe("requireToken", () => {
  it("opens with the owner's token", async () => {
    expect(await knock("secret", "Bearer secret")).toBe(200);
  });

  it.each([undefined, "", "Bearer", "Bearer secre", "Bearer secrets", "secret", "Basic secret"])(
    "stays closed for %j",
    async (header) => {
      expect(await knock("secret", header)).toBe(401);
    },
  );

  it("stays closed for everybody when no token is set", async () => {
    expect(await knock(undefined, "Bearer ")).toBe(401);
    expect(await knock("", "Bearer ")).toBe(401);
  });
});

describe("GET /healthz", () => {
  const NONCE = "00112233445566778899aabbccddeeff";
  const health = async (query: string, env: object = { API_TOKEN: "secret" }) => {
    const reply = await createApi().request(`/healthz${query}`, {}, env);
    return { status: reply.status, body: await reply.json() };
  };

  it("is open, and proves to know the token of whoever asks with a nonce, without telling it", async () => {
    expect(await health("")).toEqual({ status: 200, body: { ok: true } });
    const proof = await tokenProof("secret", NONCE);
    expect(await health(`?nonce=${NONCE}`)).toEqual({ status: 200, body: { ok: true, proof } });
    // Source: RFC 2104, computed with openssl dgst -sha256 -hmac secret over "healthz " and the nonce.
    expect(proof).toBe("d459b1d57668a707481c0d4f677f35628607fc11bd19b5d29f1a0d5683a760b5");
  });

  it("gives another proof for another token and for another nonce", async () => {
    const proofs = [
      await tokenProof("secret", NONCE),
      await tokenProof("secrets", NONCE),
      await tokenProof("secret", `${NONCE}00`),
    ];
    expect(new Set(proofs).size).toBe(3);
  });

  it("proves nothing without a token, and to a nonce that is none", async () => {
    expect(await health(`?nonce=${NONCE}`, {})).toEqual({ status: 200, body: { ok: true } });
    for (const nonce of ["", "1", "x".repeat(32), "0".repeat(129)]) {
      expect(isNonce(nonce)).toBe(false);
      expect((await health(`?nonce=${nonce}`)).status).toBe(400);
    }
  });
});
