import { wordOf, type Vocabulary } from "./vocabulary.ts";

/** The kinds of clients that `clients.client_type` knows. Source: the estate in use. */
export type ClientType = "commercial" | "residential" | "government" | "non-profit";

const CLIENT_TYPE: Vocabulary<ClientType> = {
  commercial: ["Commercial"],
  residential: ["Residential"],
  government: ["Government"],
  "non-profit": ["Non-profit", "Nonprofit"],
};

/** The type that a label means; null for an unknown one. Clients are not written back, so there is no way back. */
export function clientTypeOf(label: string): ClientType | null {
  return wordOf(CLIENT_TYPE, label);
}
