// Verifies an unpacked audit pack's checkpoint and inclusion proofs with Go's own transparency log, without
// Tidelock: verify-pack <folder> <verifier key of the log>
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type line struct {
	Index int64    `json:"index"`
	Leaf  []byte   `json:"leaf"`
	Proof [][]byte `json:"proof"`
}

func main() {
	log.SetFlags(0)
	folder, key := os.Args[1], os.Args[2]
	verifier, err := note.NewVerifier(key)
	check(err)
	text, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	check(err)
	signed, err := note.Open(text, note.VerifierList(verifier))
	check(err)
	var origin, root string
	var size int64
	_, err = fmt.Sscanf(signed.Text, "%s\n%d\n%s\n", &origin, &size, &root)
	check(err)
	hash, err := tlog.ParseHash(root)
	check(err)

	entries, err := os.Open(filepath.Join(folder, "entries.jsonl"))
	check(err)
	scanner := bufio.NewScanner(entries)
	scanner.Buffer(nil, 1<<22)
	count := 0
	for scanner.Scan() {
		var entry line
		check(json.Unmarshal(scanner.Bytes(), &entry))
		var proof tlog.RecordProof
		for _, node := range entry.Proof {
			var sibling tlog.Hash
			copy(sibling[:], node)
			proof = append(proof, sibling)
		}
		check(tlog.CheckRecord(proof, size, hash, entry.Index, tlog.RecordHash(entry.Leaf)))
		count++
	}
	check(scanner.Err())
	fmt.Printf("%s: %d entries are in the tree of %d\n", origin, count, size)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
