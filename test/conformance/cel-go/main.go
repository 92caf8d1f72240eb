// Answers, for each expression over each set of facts that comes on standard input, what Google's cel-go says:
// "true", "false" or "error". One line of JSON in, one line of JSON out.
package main

import (
	"encoding/json"
	"log"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/ext"
)

type question struct {
	Names       []string         `json:"names"`
	Expressions []string         `json:"expressions"`
	Facts       []map[string]any `json:"facts"`
}

func main() {
	decoder := json.NewDecoder(os.Stdin)
	decoder.UseNumber()
	var asked question
	if err := decoder.Decode(&asked); err != nil {
		log.Fatal(err)
	}
	env, err := environment(asked.Names)
	if err != nil {
		log.Fatal(err)
	}
	given := make([]map[string]any, len(asked.Facts))
	for at, facts := range asked.Facts {
		given[at] = value(facts).(map[string]any)
	}
	answers := make([][]string, len(asked.Expressions))
	for at, expression := range asked.Expressions {
		answers[at] = answer(env, expression, given)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		log.Fatal(err)
	}
}

// Facts without static types: what is checked here are the answers.
func environment(names []string) (*cel.Env, error) {
	options := []cel.EnvOption{
		ext.Lists(),
		cel.Function("glob", cel.MemberOverload("string_glob",
			[]*cel.Type{cel.StringType, cel.StringType}, cel.BoolType,
			cel.BinaryBinding(func(path, pattern ref.Val) ref.Val {
				return types.Bool(glob(string(pattern.(types.String))).MatchString(string(path.(types.String))))
			}))),
	}
	for _, name := range names {
		options = append(options, cel.Variable(name, cel.DynType))
	}
	return cel.NewEnv(options...)
}

func answer(env *cel.Env, expression string, given []map[string]any) []string {
	said := make([]string, len(given))
	ast, issues := env.Compile(expression)
	if issues != nil && issues.Err() != nil {
		for at := range said {
			said[at] = "refused: " + issues.Err().Error()
		}
		return said
	}
	program, err := env.Program(ast)
	if err != nil {
		log.Fatal(err)
	}
	for at, facts := range given {
		result, _, err := program.Eval(facts)
		switch {
		case err != nil:
			said[at] = "error"
		case result == types.True:
			said[at] = "true"
		default:
			said[at] = "false"
		}
	}
	return said
}

// A path pattern as a regular expression: `**` is any number of segments, at the end at least one.
func glob(pattern string) *regexp.Regexp {
	segments := strings.Split(pattern, "/")
	var out strings.Builder
	out.WriteString("^")
	for at, segment := range segments {
		last := at == len(segments)-1
		switch {
		case segment == "**" && last:
			out.WriteString("(?s:.+)")
		case segment == "**":
			out.WriteString("(?:[^/]+/)*")
		default:
			text := regexp.QuoteMeta(segment)
			text = strings.ReplaceAll(text, `\*`, "[^/]*")
			text = strings.ReplaceAll(text, `\?`, "[^/]")
			out.WriteString(text)
			if !last {
				out.WriteString("/")
			}
		}
	}
	out.WriteString("$")
	return regexp.MustCompile(out.String())
}

// JSON as CEL values: whole numbers are ints, {"$timestamp": "…"} is an instant.
func value(given any) any {
	switch it := given.(type) {
	case json.Number:
		whole, err := it.Int64()
		if err != nil {
			log.Fatal(err)
		}
		return whole
	case []any:
		list := make([]any, len(it))
		for at, item := range it {
			list[at] = value(item)
		}
		return list
	case map[string]any:
		if text, ok := it["$timestamp"].(string); ok && len(it) == 1 {
			instant, err := time.Parse(time.RFC3339Nano, text)
			if err != nil {
				log.Fatal(err)
			}
			return instant
		}
		out := make(map[string]any, len(it))
		for key, item := range it {
			out[key] = value(item)
		}
		return out
	default:
		return it
	}
}
