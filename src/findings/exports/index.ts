import { exportCodeDx } from "./code-dx.ts";
import { exportCsv } from "./csv.ts";
import { exportCyclonedx } from "./cyclonedx.ts";
import type { Exporter } from "./exported.ts";
import { exportGeneric } from "./generic.ts";
import { exportOpenvex } from "./openvex.ts";
import { exportSarif } from "./sarif.ts";
import { exportThreadfix } from "./threadfix.ts";

export const exportFormats = [
  "sarif",
  "cyclonedx",
  "openvex",
  "csv",
  "json",
  "code-dx",
  "threadfix",
] as const;
export type ExportFormat = (typeof exportFormats)[number];

export interface Export {
  readonly write: Exporter;
  /** Of the answer that carries it. */
  readonly mediaType: string;
  /** Of a file's name. */
  readonly extension: string;
}

/** How a list of findings is written for others: a stream of text, the same for the same findings. */
export const exporters: Readonly<Record<ExportFormat, Export>> = {
  sarif: { write: exportSarif, mediaType: "application/sarif+json", extension: "sarif" },
  cyclonedx: {
    write: exportCyclonedx,
    mediaType: "application/vnd.cyclonedx+json; version=1.6",
    extension: "cdx.json",
  },
  openvex: { write: exportOpenvex, mediaType: "application/json", extension: "openvex.json" },
  csv: { write: exportCsv, mediaType: "text/csv; charset=utf-8; header=present", extension: "csv" },
  json: { write: exportGeneric, mediaType: "application/json", extension: "json" },
  "code-dx": { write: exportCodeDx, mediaType: "application/xml", extension: "xml" },
  threadfix: { write: exportThreadfix, mediaType: "application/json", extension: "threadfix" },
};
