import type { Exchange } from "../exchange.ts";
import { type Element, readElements } from "./html.ts";

/** What a page leads to, as addresses relative to it and as forms. */
export interface Found {
  readonly links: readonly string[];
  /** Out of scripts and data: guesses rather than links. */
  readonly guesses: readonly string[];
  readonly forms: readonly Form[];
}

export interface Form {
  readonly action: string;
  readonly method: "GET" | "POST";
  readonly multipart: boolean;
  readonly fields: readonly {
    readonly name: string;
    readonly type: string;
    readonly value: string;
  }[];
}

const mostLinks = 500;
const carriers: Readonly<Record<string, readonly string[]>> = {
  a: ["href"],
  area: ["href"],
  link: ["href"],
  iframe: ["src"],
  frame: ["src"],
  script: ["src"],
  img: ["src"],
  object: ["data"],
  embed: ["src"],
};

export function readPage(answer: Exchange): Found {
  const type = (answer.headers["content-type"] ?? "").toLowerCase();
  if (/html|xhtml/.test(type) || /^\s{0,100}<(!doctype|html)/i.test(answer.body)) {
    return readHtml(answer.body);
  }
  if (type.includes("json")) return { links: [], guesses: literalPaths(answer.body), forms: [] };
  if (type.includes("script")) return { links: [], guesses: literalPaths(answer.body), forms: [] };
  return { links: [], guesses: [], forms: [] };
}

function readHtml(html: string): Found {
  const elements = readElements(html);
  const links: string[] = [];
  const guesses: string[] = [];
  for (const { name, attributes, text, closing } of elements) {
    if (closing) continue;
    for (const attribute of carriers[name] ?? []) {
      const value = attributes.get(attribute);
      if (value !== undefined) links.push(value);
    }
    if (name === "meta") {
      const refresh = /url=\s*['"]?([^'"]+)/i.exec(attributes.get("content") ?? "");
      if (refresh?.[1] !== undefined) links.push(refresh[1]);
    }
    if (name === "script") guesses.push(...literalPaths(text));
    for (const [attribute, value] of attributes) {
      if (attribute.startsWith("on")) guesses.push(...literalPaths(value));
    }
  }
  return {
    links: links.slice(0, mostLinks),
    guesses: guesses.slice(0, mostLinks),
    forms: readForms(elements),
  };
}

/** Quoted texts that look like paths of this host. */
export function literalPaths(text: string): readonly string[] {
  const found: string[] = [];
  for (const [, path] of text.matchAll(
    /["'`](\/[A-Za-z0-9_~.%][^"'`\s<>\\]{0,300}|\/\?[^"'`\s<>\\]{1,300})/g,
  )) {
    if (path !== undefined && !path.includes("${")) found.push(path);
    if (found.length >= mostLinks) break;
  }
  return found;
}

function readForms(elements: readonly Element[]): readonly Form[] {
  const forms: Form[] = [];
  let open: { form: Omit<Form, "fields">; fields: Form["fields"][number][] } | null = null;
  const close = () => {
    if (open !== null) forms.push({ ...open.form, fields: open.fields });
    open = null;
  };
  for (const { name, attributes, text, closing } of elements) {
    if (name === "form") {
      close();
      if (!closing) open = { form: formOf(attributes), fields: [] };
      continue;
    }
    if (open === null || closing) continue;
    const field = attributes.get("name");
    const fields = (open as { fields: Form["fields"][number][] }).fields;
    if (name === "option") {
      const last = fields.at(-1);
      const value = attributes.get("value");
      if (last?.type === "select" && last.value === "" && value !== undefined) {
        fields[fields.length - 1] = { ...last, value };
      }
    }
    if (field === undefined || field === "") continue;
    if (name === "input") {
      const type = (attributes.get("type") ?? "text").toLowerCase();
      fields.push({ name: field, type, value: attributes.get("value") ?? "" });
    } else if (name === "textarea")
      fields.push({ name: field, type: "textarea", value: text.trim() });
    else if (name === "select") fields.push({ name: field, type: "select", value: "" });
    else if (name === "button" && attributes.has("value")) {
      fields.push({ name: field, type: "submit", value: attributes.get("value") ?? "" });
    }
  }
  close();
  return forms.slice(0, 100);
}

function formOf(attributes: ReadonlyMap<string, string>): Omit<Form, "fields"> {
  return {
    action: attributes.get("action") ?? "",
    method: (attributes.get("method") ?? "get").toLowerCase() === "post" ? "POST" : "GET",
    multipart: (attributes.get("enctype") ?? "").toLowerCase().includes("multipart"),
  };
}
