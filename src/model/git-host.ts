import { z } from "zod";

/** Where pull requests live, and who is who there. */

/**
 * An account at a git host, by the id that the host gives to nobody else: `github:583231`, `git.shop.example:7`. A login
 * may be renamed, and taken by another.
 */
export const HostAccount = z
  .string()
  .max(200)
  .regex(
    /^[a-z0-9]([a-z0-9.-]{0,100}[a-z0-9])?(:[0-9]{1,5})?:[0-9a-fA-F-]{1,64}$/,
    "write <host>:<id>, like github:583231",
  )
  .refine((account) => !/^(person|token):/.test(account), "this stands for somebody else here");
export type HostAccount = z.infer<typeof HostAccount>;
