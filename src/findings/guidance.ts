import type { FindingKind, Observation } from "../model/observation.ts";
import { namedIds } from "./identity/alias.ts";

/** Where to read how a finding is repaired. */
export interface Guidance {
  readonly title: string;
  readonly url: string;
  /** `curated`: from the table here. `report`: an address that the report itself gives, and nobody has looked at. */
  readonly from: "curated" | "report";
}

/** What links follow from. */
export type Guided = Pick<Observation, "rule" | "cwe" | "aliases" | "references"> & {
  readonly kind: FindingKind;
};

const sheet = (name: string) => ({
  title: `OWASP cheat sheet: ${name.replaceAll("_", " ")}`,
  url: `https://cheatsheetseries.owasp.org/cheatsheets/${name}_Cheat_Sheet.html`,
});

/** Source: SAFECode, Fundamental Practices for Secure Software Development, third edition, March 2018. */
const safecode =
  "https://safecode.org/wp-content/uploads/2018/03/SAFECode_Fundamental_Practices_for_Secure_Software_Development_March_2018.pdf";
const practice = (name: string) => ({ title: `SAFECode practice: ${name}`, url: safecode });

const handleData = "Handle Data Safely";
const encryption = "Develop an Encryption Strategy";
const access = "Standardize Identity and Access Management";
const thirdParty = "Manage Security Risk Inherent in the Use of Third-party Components";
const configuration = "Verify Secure Configurations and Use of Platform Mitigations";

/** Names as in the series' alphabetical index; practices as in SAFECode's table of contents. */
const byCwe: readonly {
  readonly cwe: readonly number[];
  readonly sheets: readonly string[];
  readonly practice: string;
}[] = [
  { cwe: [89, 564], sheets: ["SQL_Injection_Prevention", "Query_Parameterization"], practice: handleData }, // prettier-ignore
  { cwe: [943], sheets: ["NoSQL_Security"], practice: handleData },
  { cwe: [79, 80, 83, 87], sheets: ["Cross_Site_Scripting_Prevention", "DOM_based_XSS_Prevention"], practice: handleData }, // prettier-ignore
  { cwe: [77, 78, 88], sheets: ["OS_Command_Injection_Defense"], practice: handleData },
  { cwe: [74, 94, 95, 96, 917, 1336], sheets: ["Injection_Prevention"], practice: handleData },
  { cwe: [90], sheets: ["LDAP_Injection_Prevention"], practice: handleData },
  { cwe: [502], sheets: ["Deserialization"], practice: handleData },
  { cwe: [611, 776, 827], sheets: ["XML_External_Entity_Prevention"], practice: handleData },
  { cwe: [918], sheets: ["Server_Side_Request_Forgery_Prevention"], practice: handleData },
  { cwe: [601], sheets: ["Unvalidated_Redirects_and_Forwards"], practice: handleData },
  { cwe: [20, 22, 23, 36, 73, 1284], sheets: ["Input_Validation"], practice: handleData },
  { cwe: [434], sheets: ["File_Upload"], practice: handleData },
  { cwe: [915], sheets: ["Mass_Assignment"], practice: handleData },
  { cwe: [1321], sheets: ["Prototype_Pollution_Prevention"], practice: handleData },
  { cwe: [352], sheets: ["Cross-Site_Request_Forgery_Prevention"], practice: access },
  { cwe: [287, 306, 307, 308, 521, 620, 640], sheets: ["Authentication"], practice: access },
  { cwe: [256, 257, 261, 759, 760, 916], sheets: ["Password_Storage"], practice: encryption },
  { cwe: [284, 285, 862, 863], sheets: ["Authorization"], practice: access },
  { cwe: [639], sheets: ["Insecure_Direct_Object_Reference_Prevention"], practice: access },
  { cwe: [384, 613, 614, 1004, 1275], sheets: ["Session_Management"], practice: access },
  { cwe: [347], sheets: ["JSON_Web_Token"], practice: encryption },
  { cwe: [259, 321, 522, 798], sheets: ["Secrets_Management"], practice: encryption },
  { cwe: [310, 326, 327, 328, 330, 338], sheets: ["Cryptographic_Storage"], practice: encryption },
  {
    cwe: [295, 297, 298, 299, 311, 319],
    sheets: ["Transport_Layer_Security"],
    practice: encryption,
  },
  { cwe: [523], sheets: ["HTTP_Strict_Transport_Security"], practice: encryption },
  { cwe: [1021], sheets: ["Clickjacking_Defense"], practice: configuration },
  { cwe: [693], sheets: ["HTTP_Headers", "Content_Security_Policy"], practice: configuration },
  { cwe: [200, 209, 497, 548], sheets: ["Error_Handling"], practice: "Handle Errors" },
  { cwe: [400, 770, 1333], sheets: ["Denial_of_Service"], practice: handleData },
  { cwe: [117, 223, 532, 778], sheets: ["Logging"], practice: "Establish Log Requirements and Audit Practices" }, // prettier-ignore
  { cwe: [829, 830, 1104, 1357, 1395], sheets: ["Vulnerable_Dependency_Management"], practice: thirdParty }, // prettier-ignore
];

const entryOf = new Map(byCwe.flatMap((entry) => entry.cwe.map((cwe) => [cwe, entry] as const)));

const byKind: Readonly<
  Partial<Record<FindingKind, { readonly sheets: readonly string[]; readonly practice: string }>>
> = {
  dependency: { sheets: ["Vulnerable_Dependency_Management"], practice: thirdParty },
  license: { sheets: [], practice: thirdParty },
  secret: { sheets: ["Secrets_Management"], practice: encryption },
  infrastructure: { sheets: ["Infrastructure_as_Code_Security"], practice: configuration },
  network: { sheets: ["Transport_Layer_Security"], practice: configuration },
  host: { sheets: ["Docker_Security"], practice: configuration },
  code: { sheets: [], practice: "Use Code Analysis Tools To Find Security Issues Early" },
};

/** At most as many links as a person reads. */
const most = 10;

/**
 * Links for a finding: of its CWEs, of its kind, of the databases that have its vulnerability, and at last those that the
 * report gives. Everything but the last is from tables here; of a report only an id of a known form becomes part
 * of an address.
 */
export function guidanceFor({ kind, rule, cwe, aliases, references }: Guided): readonly Guidance[] {
  const known = cwe.slice(0, 3);
  const entries = known.flatMap((one) => entryOf.get(one) ?? []);
  const general = byKind[kind];
  const specific = entries.length > 0 && kind !== "dependency" ? entries : [...(general ? [general] : []), ...entries]; // prettier-ignore
  const curated = [
    ...databaseLinks(rule, aliases),
    ...known.map((one) => ({
      title: `CWE-${one}`,
      url: `https://cwe.mitre.org/data/definitions/${one}.html`,
    })),
    ...specific.flatMap(({ sheets }) => sheets.map(sheet)),
    ...specific.slice(0, 1).map((entry) => practice(entry.practice)),
  ].map((one) => ({ ...one, from: "curated" as const }));
  const stated = (references ?? []).flatMap((url): Guidance[] => {
    const parsed = webAddress(url);
    return parsed === null ? [] : [{ title: parsed.host, url: parsed.href, from: "report" }];
  });
  const all = [...curated, ...stated];
  return all.filter(({ url }, index) => all.findIndex((one) => one.url === url) === index).slice(0, most); // prettier-ignore
}

/** Only ids of which the form is known. */
function databaseLinks(
  rule: string,
  aliases: readonly string[],
): readonly { title: string; url: string }[] {
  return namedIds(rule, aliases.slice(0, 16))
    .flatMap((id) => {
      if (/^CVE-\d{4}-\d{4,19}$/.test(id)) {
        return [{ title: id, url: `https://nvd.nist.gov/vuln/detail/${id}` }];
      }
      return /^GHSA(-[a-z0-9]{4}){3}$/.test(id)
        ? [{ title: id, url: `https://github.com/advisories/${id}` }]
        : [];
    })
    .slice(0, 3);
}

/** `http` and `https` alone, without a name or password in it; null for everything else. */
function webAddress(text: string): { readonly host: string; readonly href: string } | null {
  if (!URL.canParse(text)) return null;
  const { protocol, username, password, host, href } = new URL(text);
  const web = protocol === "https:" || protocol === "http:";
  return web && username === "" && password === "" && host !== "" ? { host, href } : null;
}
