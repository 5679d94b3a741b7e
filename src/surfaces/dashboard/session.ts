/** The token of this tab: it comes by the address or by hand, and lies in sessionStorage alone. */

const KEY = "token";

/** @param storage the tab's own; where the browser refuses it, the token lives as long as the page */
export function createSession(storage: Pick<Storage, "getItem" | "setItem" | "removeItem">) {
  let token = attempt(() => storage.getItem(KEY));
  return {
    token: () => token,
    keep: (given: string) => {
      token = given;
      attempt(() => storage.setItem(KEY, given));
    },
    forget: () => {
      token = null;
      attempt(() => storage.removeItem(KEY));
    },
  };
}

/**
 * The token in the fragment of an address, which a browser sends to no server; null if there is none.
 *
 * @param fragment with its `#`
 */
export function tokenInFragment(fragment: string): string | null {
  const given = new URLSearchParams(fragment.replace(/^#/, "")).get("token")?.trim() ?? "";
  return given === "" ? null : given;
}

/** Whether a text can travel in a header at all; one that cannot is no token. */
export function isSendable(token: string): boolean {
  return /^[\x21-\x7e]+$/.test(token);
}

function attempt<T>(work: () => T): T | null {
  try {
    return work();
  } catch {
    return null;
  }
}
