/**
 * Ids of properties in addresses. Notion gives them encoded for an address already, so they go as they are, but two dots
 * in a row, which an id may hold, are taken by Notion's client for a step up, and refused.
 */

/** Stands for a dot until the client has passed the address on: a private character, which no id holds. */
const VEILED_DOT = "%EE%80%80";

/** An id as a segment of the path that the client is given. */
export function segmentOf(id: string): string {
  const isStep = id === "." || id === "..";
  return isStep ? id : id.replaceAll(".", VEILED_DOT).replaceAll(/[/\\?#]/g, encodeURIComponent);
}

/** The address that is meant by one that the client made. */
export function unveiled(address: string): string {
  return address.replaceAll(VEILED_DOT, ".");
}
