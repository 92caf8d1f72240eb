import { type HTMLInputAutoCompleteAttribute, useId } from "react";

/** An input with its label, and a sentence under it that screen readers read with it. */
export function Field({
  label,
  name,
  type = "text",
  autoComplete,
  help,
  required = true,
  minLength,
  inputMode,
}: {
  readonly label: string;
  readonly name: string;
  readonly type?: "text" | "password";
  readonly autoComplete: HTMLInputAutoCompleteAttribute;
  readonly help?: string;
  readonly required?: boolean;
  readonly minLength?: number;
  readonly inputMode?: "numeric" | "text";
}) {
  const id = useId();
  return (
    <>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        name={name}
        type={type}
        autoComplete={autoComplete}
        autoCapitalize="none"
        spellCheck={false}
        required={required}
        {...(minLength === undefined ? {} : { minLength })}
        {...(inputMode === undefined ? {} : { inputMode })}
        {...(help === undefined ? {} : { "aria-describedby": `${id}-help` })}
      />
      {help === undefined ? null : (
        <p id={`${id}-help`} className="muted">
          {help}
        </p>
      )}
    </>
  );
}
