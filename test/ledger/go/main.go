// Verifies our log with Go's own transparency log, and makes proofs and a note for us to verify.
// Reads a question as JSON on its standard input, writes the answer as JSON on its standard output.
package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type proofs struct {
	Inclusion   [][][]byte `json:"inclusion"`   // of each index, in the whole tree
	Consistency [][][]byte `json:"consistency"` // from each size, 1 first, to the whole tree
}

type question struct {
	VerifierKey string   `json:"verifierKey"`
	Checkpoint  string   `json:"checkpoint"`
	Entries     [][]byte `json:"entries"`
	Roots       [][]byte `json:"roots"` // of each size, 0 first
	Proofs      proofs   `json:"proofs"`
	Tiles       string   `json:"tiles"` // folder with our tile paths
}

type answer struct {
	Text        string   `json:"text"`        // of the checkpoint, when its signature is right
	Wrong       []string `json:"wrong"`       // what Go does not agree with
	Checked     int      `json:"checked"`     // how many things were compared
	Proofs      proofs   `json:"proofs"`      // made by Go
	VerifierKey string   `json:"verifierKey"` // of Go's own note
	Note        string   `json:"note"`
}

type memory []tlog.Hash

func (m memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		hashes[i] = m[index]
	}
	return hashes, nil
}

type tiles string

func (t tiles) Height() int { return 8 }

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range wanted {
		// Go writes the height before the level; tlog-tiles fixes it at 8 and leaves it out.
		path := "tile/" + strings.TrimPrefix(tile.Path(), "tile/8/")
		data, err := os.ReadFile(filepath.Join(string(t), path))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func hashOf(data []byte) (hash tlog.Hash) {
	copy(hash[:], data)
	return hash
}

func hashesOf(list [][]byte) (all []tlog.Hash) {
	for _, data := range list {
		all = append(all, hashOf(data))
	}
	return all
}

func bytesOf(list []tlog.Hash) [][]byte {
	all := make([][]byte, 0, len(list))
	for _, hash := range list {
		all = append(all, append([]byte(nil), hash[:]...))
	}
	return all
}

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

func main() {
	var asked question
	var said answer
	must(0, json.NewDecoder(os.Stdin).Decode(&asked))
	check := func(what string, err error) {
		said.Checked++
		if err != nil {
			said.Wrong = append(said.Wrong, what+": "+err.Error())
		}
	}

	verifier := must(note.NewVerifier(asked.VerifierKey))
	opened, err := note.Open([]byte(asked.Checkpoint), note.VerifierList(verifier))
	check("checkpoint", err)
	if err == nil {
		said.Text = opened.Text
	}

	var stored memory
	for i, entry := range asked.Entries {
		stored = append(stored, must(tlog.StoredHashes(int64(i), entry, stored))...)
	}
	size := int64(len(asked.Entries))
	for at, root := range asked.Roots {
		mine := must(tlog.TreeHash(int64(at), stored))
		if at > 0 && mine != hashOf(root) {
			check(fmt.Sprintf("root of size %d", at), fmt.Errorf("%v", mine))
		} else {
			check("root", nil)
		}
	}
	whole := hashOf(asked.Roots[size])
	reader := tlog.TileHashReader(tlog.Tree{N: size, Hash: whole}, tiles(asked.Tiles))
	for i := int64(0); i < size; i++ {
		leaf := tlog.RecordHash(asked.Entries[i])
		ours := hashesOf(asked.Proofs.Inclusion[i])
		check(fmt.Sprintf("inclusion of %d", i), tlog.CheckRecord(ours, size, whole, i, leaf))
		said.Proofs.Inclusion = append(said.Proofs.Inclusion, bytesOf(must(tlog.ProveRecord(size, i, stored))))
		fromTiles, err := tlog.ProveRecord(size, i, reader)
		check(fmt.Sprintf("inclusion of %d from tiles", i), err)
		if err == nil {
			check("from tiles", tlog.CheckRecord(fromTiles, size, whole, i, leaf))
		}
	}
	for old := int64(1); old <= size; old++ {
		ours := hashesOf(asked.Proofs.Consistency[old-1])
		check(fmt.Sprintf("consistency from %d", old), tlog.CheckTree(ours, size, whole, old, hashOf(asked.Roots[old])))
		said.Proofs.Consistency = append(said.Proofs.Consistency, bytesOf(must(tlog.ProveTree(size, old, stored))))
	}

	secret, public, err := note.GenerateKey(rand.Reader, "go.example/log")
	must(0, err)
	said.VerifierKey = public
	signer := must(note.NewSigner(secret))
	said.Note = string(must(note.Sign(&note.Note{Text: "signed by Go\n"}, signer)))
	must(0, json.NewEncoder(os.Stdout).Encode(said))
}
