package locate

import (
	"platter/decode"
	"platter/engine/disk"
)

// ResolveAmong is [Resolve] with the guest's partitions and structures given.
func ResolveAmong(from disk.Standpoint, parts []disk.Partition, tree decode.Node, expr string) (decode.Place, error) {
	return standing(from, parts, tree).resolve(expr)
}

// CompleteAmong is [Complete] with the guest's partitions and structures given.
func CompleteAmong(from disk.Standpoint, parts []disk.Partition, tree decode.Node, typed string) []disk.Completion {
	return standing(from, parts, tree).complete(typed)
}
