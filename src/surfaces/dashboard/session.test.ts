import { describe, expect, it } from "vitest";
import { createSession, isSendable, tokenInFragment } from "./session.ts";

function storage(): Pick<Storage, "getItem" | "setItem" | "removeItem"> {
  const items = new Map<string, string>();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  };
}

describe("createSession", () => {
  it("keeps the token for the next page of the tab, until it is forgotten", () => {
    const tab = storage();
    createSession(tab).keep("secret");
    const next = createSession(tab);
    expect(next.token()).toBe("secret");
    next.forget();
    expect([next.token(), createSession(tab).token()]).toEqual([null, null]);
  });

  it("does without a storage that the browser refuses", () => {
    const refused = (): never => {
      throw new Error("SecurityError");
    };
    const session = createSession({ getItem: refused, setItem: refused, removeItem: refused });
    session.keep("secret");
    expect(session.token()).toBe("secret");
    session.forget();
    expect(session.token()).toBeNull();
  });
});

describe("tokenInFragment", () => {
  it.each([
    ["#token=secret", "secret"],
    ["#token=%20se%2Bcret%20", "se+cret"],
    ["#token=", null],
    ["#runs-title", null],
    ["", null],
  ])("finds in %j %j", (fragment, token) => {
    expect(tokenInFragment(fragment)).toBe(token);
  });
});

describe("isSendable", () => {
  it.each(["", "zwei Worte", "schlüssel", "a\nb"])("refuses %j, which no header carries", (token) => {
    expect(isSendable(token)).toBe(false);
  });

  it("takes a token as it is made", () => {
    expect(isSendable("0123456789abcdef".repeat(4))).toBe(true);
  });
});
