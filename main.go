// Platter looks into VHD, VHDX and VMDK disk images.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"platter/tui/cli"
	_ "platter/tui/quiet" // before anything that would ask the terminal
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	code := cli.Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
