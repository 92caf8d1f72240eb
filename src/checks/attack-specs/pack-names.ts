/** The supplied specifications: files of `pack/`. */
export const packNames = [
  "authentication",
  "session",
  "csrf",
  "cors",
  "jwt",
  "headers",
  "tls",
] as const;
