import type { AnchorSettings } from "../../model/anchor.ts";
import type { Anchor } from "./anchor.ts";
import { fileAnchor } from "./file-anchor.ts";
import { gitAnchor } from "./git-anchor.ts";

export function openAnchor(settings: AnchorSettings): Anchor {
  switch (settings.kind) {
    case "file":
      return fileAnchor(settings.folder);
    case "git":
      return gitAnchor(settings);
  }
}
