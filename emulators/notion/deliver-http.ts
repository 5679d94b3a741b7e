import type { Deliver } from "./webhook-state.ts";

/** Send webhooks over HTTP, as the real service does. */
export const deliverByHttp: Deliver = async ({ url, headers, body }) => {
  const response = await fetch(url, { method: "POST", headers, body });
  await response.body?.cancel();
  return response.status;
};
