import { TidelockError } from "../../model/errors.ts";

/** Where the server found it, in what we sent: it knows the position, and only we know what the file is called. */
export function inFile(error: unknown, file: string): unknown {
  if (!(error instanceof TidelockError) || error.code !== "invalid-input") return error;
  const { message, fault, hint, problems, where } = error;
  return new TidelockError(error.code, message, {
    fault,
    cause: error,
    where: where === undefined || where === "the report" ? file : `${file}: ${where}`,
    ...(hint === undefined ? {} : { hint }),
    ...(problems === undefined ? {} : { problems }),
  });
}
