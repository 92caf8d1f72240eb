/** What lists are asked for, from what `pageOptions` takes. */
export function pageQuery(
  options: { readonly limit: number | undefined; readonly after: string | undefined },
  usual = 50,
  most = 500,
): { readonly limit: number; readonly after: string | undefined } {
  return { limit: Math.min(options.limit ?? usual, most), after: options.after };
}
