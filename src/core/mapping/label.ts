/**
 * A name or label in the form in which names are compared: letter case, blanks, hyphens and underscores do not tell two
 * labels apart, so `On hold`, `on-hold` and `ON_HOLD` are one. Everything else does.
 */
export function normaliseLabel(label: string): string {
  return label
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[\s_\p{Dash_Punctuation}]+/gu, " ")
    .trim();
}
