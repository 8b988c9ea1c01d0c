package store_test

import (
	"context"
	"fmt"

	"platter/engine/store"
)

func ExampleWorkspace() {
	folder := store.NewMem()
	folder.PutFile("disk.vhd", []byte("conectix"))

	w := store.NewWorkspace(folder, "disk.vhd")
	defer w.Close()
	err := w.Do("capital letter", func(tx *store.Tx) error {
		f, err := tx.OpenWrite("disk.vhd")
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = f.WriteAt([]byte("C"), 0)
		return err
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range w.Plan() {
		fmt.Printf("%s at %d: %s becomes %s (%s)\n", s.File, s.Offset, s.Old, s.New, s.Title)
	}
	fmt.Println(w.Commit(context.Background()), w.Staged())
	// Output:
	// disk.vhd at 0: c becomes C (capital letter)
	// <nil> 0
}
