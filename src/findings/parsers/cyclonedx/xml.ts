import { type Element } from "../xml.ts";

/** A name without its prefix: the older extension for vulnerabilities is written `v:vulnerability`. */
export function localName({ name }: Element): string {
  return name.slice(name.indexOf(":") + 1);
}

export function childrenNamed(element: Element | undefined, name: string): readonly Element[] {
  return element?.children.filter((child) => localName(child) === name) ?? [];
}

export function childNamed(element: Element | undefined, name: string): Element | undefined {
  return element?.children.find((child) => localName(child) === name);
}

/** The elements of a list: `<ratings><rating/>…</ratings>`. */
function inList(element: Element, list: string, one: string): readonly Element[] {
  return childrenNamed(childNamed(element, list), one);
}

function textOf(element: Element | undefined, name: string): string | undefined {
  return childNamed(element, name)?.text.trim();
}

/** A component as JSON writes it; what is inside of it is turned too, level by level. */
export function componentOf(element: Element): Record<string, unknown> {
  const whole: Record<string, unknown> = {};
  const open: { element: Element; into: Record<string, unknown> }[] = [{ element, into: whole }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { element: here, into } = next;
    const inner = inList(here, "components", "component").map((child) => ({
      element: child,
      into: {},
    }));
    Object.assign(into, plainComponent(here), { components: inner.map((one) => one.into) });
    open.push(...inner);
  }
  return whole;
}

function plainComponent(element: Element): Record<string, unknown> {
  return {
    "bom-ref": element.attributes.get("bom-ref"),
    type: element.attributes.get("type"),
    group: textOf(element, "group"),
    name: textOf(element, "name"),
    version: textOf(element, "version"),
    purl: textOf(element, "purl"),
    properties: inList(element, "properties", "property").map((property) => ({
      name: property.attributes.get("name"),
      value: property.text,
    })),
    evidence: {
      occurrences: inList(
        childNamed(element, "evidence") ?? element,
        "occurrences",
        "occurrence",
      ).map((occurrence) => ({ location: textOf(occurrence, "location") })),
    },
  };
}

/** A vulnerability as JSON writes it: of 1.4 and later, and of the extension to 1.1 to 1.3. */
export function vulnerabilityOf(element: Element): Record<string, unknown> {
  const analysis = childNamed(element, "analysis");
  const ref = element.attributes.get("ref");
  return {
    id: textOf(element, "id"),
    "bom-ref": element.attributes.get("bom-ref"),
    source: sourceOf(element),
    references: inList(element, "references", "reference").map((reference) => ({
      id: textOf(reference, "id"),
      source: sourceOf(reference),
    })),
    ratings: inList(element, "ratings", "rating").map((rating) => ({
      source: sourceOf(rating),
      score: textOf(childNamed(rating, "score"), "base") ?? textOf(rating, "score"),
      severity: textOf(rating, "severity"),
      method: textOf(rating, "method"),
      vector: textOf(rating, "vector"),
    })),
    cwes: inList(element, "cwes", "cwe").map(({ text }) => text),
    description: textOf(element, "description"),
    detail: textOf(element, "detail"),
    recommendation:
      textOf(element, "recommendation") ??
      inList(element, "recommendations", "recommendation")
        .map(({ text }) => text.trim())
        .join("\n"),
    advisories: inList(element, "advisories", "advisory").map((advisory) => ({
      url: textOf(advisory, "url") ?? advisory.text.trim(),
    })),
    analysis: analysis && {
      state: textOf(analysis, "state"),
      justification: textOf(analysis, "justification"),
      detail: textOf(analysis, "detail"),
      response: inList(analysis, "responses", "response").map(({ text }) => text.trim()),
    },
    affects: [
      ...(ref === undefined ? [] : [{ ref }]),
      ...inList(element, "affects", "target").map((target) => ({
        ref: textOf(target, "ref"),
        versions: inList(target, "versions", "version").map((version) => ({
          version: textOf(version, "version"),
          range: textOf(version, "range"),
          status: textOf(version, "status"),
        })),
      })),
    ],
  };
}

function sourceOf(element: Element): Record<string, unknown> | undefined {
  const source = childNamed(element, "source");
  return (
    source && {
      name: source.attributes.get("name") ?? textOf(source, "name"),
      url: textOf(source, "url"),
    }
  );
}

/** The document without its components and vulnerabilities, as JSON writes it. */
export function bomOf(root: Element): Record<string, unknown> {
  const metadata = childNamed(root, "metadata");
  const component = childNamed(metadata, "component");
  const tools = childNamed(metadata, "tools");
  const named = (element: Element) => ({
    name: textOf(element, "name"),
    version: textOf(element, "version"),
  });
  return {
    metadata: metadata && {
      timestamp: textOf(metadata, "timestamp"),
      tools: [
        ...childrenNamed(tools, "tool"),
        ...(tools ? inList(tools, "components", "component") : []),
        ...(tools ? inList(tools, "services", "service") : []),
      ].map(named),
      component: component && componentOf(component),
      authors: inList(metadata, "authors", "author").map(named),
      manufacturer: authorOf(metadata, "manufacturer"),
      manufacture: authorOf(metadata, "manufacture"),
      supplier: authorOf(metadata, "supplier"),
    },
    compositions: inList(root, "compositions", "composition").map((composition) => ({
      aggregate: textOf(composition, "aggregate"),
    })),
    ...(childNamed(root, "vulnerabilities") ? { vulnerabilities: [] } : {}),
  };
}

function authorOf(metadata: Element, name: string): Record<string, unknown> | undefined {
  const author = childNamed(metadata, name);
  return author && { name: textOf(author, "name") };
}
