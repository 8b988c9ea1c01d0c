package vmdk

// ContentID is the CID by which children name this disk; false if there is none that
// can be read.
func (m *Image) ContentID() (uint32, bool) { return m.cid() }

// Database is an entry of the disk database, given without "ddb.".
func (m *Image) Database(key string) (string, bool) {
	if m.text == nil {
		return "", false
	}
	return m.text.Database(key)
}
