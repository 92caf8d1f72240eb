import { serveScan } from "../scanner/child.ts";
import { stateFilesScanner } from "./scan.ts";

await serveScan(stateFilesScanner);
