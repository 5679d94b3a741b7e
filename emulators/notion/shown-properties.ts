import { invalid } from "./api-errors.ts";
import type { ApiCall } from "./api-call.ts";
import { LIST_MAX } from "./limits.ts";
import type { DataSource } from "./model.ts";
import { findProperty } from "./page-view.ts";

/**
 * Ids of the properties that `filter_properties` asks for, by name or id, repeated or as `filter_properties[]`;
 * undefined for all.
 *
 * @throws ApiFailure if one of them is not there
 */
export function shownProperties(dataSource: DataSource, call: ApiCall): ReadonlySet<string> | undefined {
  const asked = call.query
    .filter(([name]) => /^filter_properties(?:\[\])?$/.test(name))
    .map(([, value]) => value);
  if (asked.length === 0) return undefined;
  if (asked.length > LIST_MAX) throw invalid("query.filter_properties", `of length ≤ \`${LIST_MAX}\``);
  return new Set(
    asked.map((ref, index) => {
      const property = findProperty(dataSource, ref);
      if (!property)
        throw invalid(`query.filter_properties.${index}`, "the id of a property that exists", ref);
      return property.id;
    }),
  );
}
