// Platter looks into VHD, VHDX and VMDK disk images.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"platter/views/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
