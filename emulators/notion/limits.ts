/** Limits of requests. Source: vendor docs, "Request limits"; lengths count UTF-16 units. */
export const TEXT_MAX = 2_000;
export const URL_MAX = 2_000;
export const EXPRESSION_MAX = 1_000;
/** E-mail addresses and phone numbers; the OpenAPI file says 100, the page of limits 200. */
export const CONTACT_MAX = 200;
/** Names of options. The effective maximum is not documented; 100 is that of other short strings. */
export const OPTION_NAME_MAX = 100;
/** Elements of any array of values in one request, and characters of file names. */
export const LIST_MAX = 100;
/** Objects of one page of a list. */
export const PAGE_SIZE_MAX = 100;
/** Conditions in one compound filter, and compounds within compounds. Source: vendor docs, "Filter data source entries". */
export const CONDITIONS_MAX = 100;
export const FILTER_DEPTH_MAX = 2;
/** Properties of one data source. Source: reference 4. */
export const PROPERTIES_MAX = 500;
