import type { CatalogueManual, CatalogueTest, CatalogueTool } from "../api/routes/catalogue.ts";

/** Which tests run where, with which tools, and what people are asked. */
export interface CatalogueControl {
  tests(of: CatalogueOf): Promise<readonly CatalogueTest[]>;
  tools(of: CatalogueOf): Promise<readonly CatalogueTool[]>;
  manual(of: CatalogueOf): Promise<readonly CatalogueManual[]>;
}

/** Absent: every one. */
export interface CatalogueOf {
  readonly service?: string;
  readonly environment?: string;
}
